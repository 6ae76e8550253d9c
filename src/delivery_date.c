/* SPDX-License-Identifier: MIT */
/*
 * Room delivery: Unix time to a date of the Gregorian calendar in UTC, and back.
 */
#include "delivery.h"

static uint32_t is_leap(uint32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint32_t days_of(uint32_t year, uint32_t month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 ? is_leap(year) : 0);
}

/* Days from 1970-01-01 to a year's first day, in the Gregorian calendar. */
static uint32_t days_before(uint32_t year)
{
    const uint32_t past = year - 1;

    return past * 365 + past / 4 - past / 100 + past / 400 - 719162;
}

void vpcvis_i_delivery_read_date(uint64_t time_s, struct vpcvis_i_delivery_date *date)
{
    const uint32_t minutes = (uint32_t)(time_s % 86400 / 60);
    uint32_t days = (uint32_t)(time_s / 86400);
    uint32_t year = 1970 + days / 366; /* never too late */

    while (days_before(year + 1) <= days)
        year++;
    days -= days_before(year);
    date->year = year;
    for (date->month = 1; days >= days_of(year, date->month); date->month++)
        days -= days_of(year, date->month);
    date->day = days + 1;
    date->hour = minutes / 60;
    date->minute = minutes % 60;
}

uint64_t vpcvis_i_delivery_time(const struct vpcvis_i_delivery_date *date)
{
    uint32_t days = days_before(date->year) + date->day - 1, month;

    for (month = 1; month < date->month; month++)
        days += days_of(date->year, month);
    return days * (uint64_t)86400 + date->hour * 3600 + date->minute * 60;
}

int vpcvis_i_delivery_is_date(const struct vpcvis_i_delivery_date *date)
{
    return date->year >= 1970 && date->month >= 1 && date->month <= 12 &&
           date->day >= 1 && date->day <= days_of(date->year, date->month) &&
           date->hour < 24 && date->minute < 60;
}
