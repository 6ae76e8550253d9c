// SPDX-License-Identifier: MIT
// Nanoseconds a record that simdjson needs to read v2 records that stand as one JSON object a
// line into a struct: integers as numbers, the rest as views of text.
#include <simdjson.h>

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace
{

struct flow {
    uint64_t number[8];
    std::string_view text[6];
};

const char *const numbers[] = {"version", "srcport", "dstport", "protocol",
                               "packets", "bytes",   "start",   "end"};

bool read(simdjson::ondemand::document_reference record, flow &out)
{
    simdjson::ondemand::object object;
    int number = 0;
    int text = 0;

    if (record.get_object().get(object))
        return false;
    for (auto field : object) {
        simdjson::ondemand::value value;
        std::string_view key;
        if (field.value().get(value) || field.unescaped_key().get(key))
            return false;
        bool is_number = number < 8 && key == numbers[number];
        if (is_number)
            out.number[number++] = value.is_null() ? 0 : uint64_t(value.get_uint64());
        else if (text < 6)
            out.text[text++] = value.is_null() ? std::string_view("-")
                                               : std::string_view(value.get_string());
    }
    return number == 8 && text == 6;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    auto json = simdjson::padded_string::load(argv[1]);
    simdjson::ondemand::parser parser;
    uint64_t records = 0;
    uint64_t sum = 0;
    flow one{};

    if (json.error())
        return 2;
    std::clock_t begin = std::clock();
    simdjson::ondemand::document_stream stream;
    if (parser.iterate_many(json.value(), 1 << 20).get(stream))
        return 2;
    for (auto record : stream) {
        if (record.error() || !read(record.value(), one))
            return 2;
        sum += one.number[5];
        records++;
    }
    double took = double(std::clock() - begin) / CLOCKS_PER_SEC;
    std::fprintf(stderr, "%s", sum == 0 ? "no bytes\n" : "");
    std::printf("%.1f\n", took * 1e9 / double(records ? records : 1));
    return records == 0;
}
