/* SPDX-License-Identifier: MIT */
/* Stands in for its namesake of the system, as stdint.h beside it does. */
