// SPDX-License-Identifier: MIT
// The shared vectors through Node and koffi: lines parsed, mirror rules matched, tunnels unwrapped.
// Structs, constants and functions come from vpcvis.json as it is installed.
//
//   node vectors.js LIBRARY VPCVIS_JSON VECTORS_JSON      exit status 1: something differs
import { readFileSync } from "node:fs";
import koffi from "koffi";

const [library, api, vectors] = [koffi.load(process.argv[2]),
    ...process.argv.slice(3).map((path) => JSON.parse(readFileSync(path, "utf8")))];
const constant = api.constants;

// Declarations: a pointer is a pointer; what is behind it is decoded where it is looked at.
const plain = (type) => {
    const name = type.replace(/^const /, "");
    if (name === "const char *" || type === "const char *") return "const char *";
    return name.endsWith("*") || name.includes("(*)") ? "void *" : name.replace(/^struct /, "");
};
koffi.alias("vpcvis_status", "int32_t");
for (const struct of api.structs)
    koffi.struct(struct.name, Object.fromEntries(struct.members.map(({ name, type, count }) =>
        [name, count ? koffi.array(type.endsWith("*") ? "void *" : plain(type), count)
            : type.endsWith("*") ? "void *" : plain(type)])));
const vpcvis = {};
for (const { name, returns, arguments: list } of api.functions)
    vpcvis[name] = library.func(name, plain(returns), list.map(({ type }) => plain(type)));

let checked = 0;
let wrong = 0;
function same(what, is, said) {
    checked++;
    if (is === said) return;
    wrong++;
    console.log(`${what}: ${is}, not ${said}`);
}
function require(status) {
    if (status !== constant.VPCVIS_OK) throw new Error(vpcvis.vpcvis_base_status_text(status));
}

// Memory of a struct, zero but for size, and what is in it.
const make = (type, values = {}) => {
    const memory = koffi.alloc(type, 1);
    const zeros = koffi.decode(Buffer.alloc(koffi.sizeof(type)), type);
    if ("size" in zeros) zeros.size = koffi.sizeof(type);
    koffi.encode(memory, type, { ...zeros, ...values });
    return memory;
};
const address = (family, bytes) => {
    const out = Buffer.alloc(64);
    const len = koffi.alloc("size_t", 1);
    require(vpcvis.vpcvis_addr_write(make("vpcvis_addr", { family, bytes }), out, 64, len));
    return out.toString("latin1", 0, Number(koffi.decode(len, "size_t")));
};
const field = (name) => {
    const id = koffi.alloc("uint32_t", 1);
    require(vpcvis.vpcvis_record_find(name, name.length, id));
    return koffi.decode(id, "uint32_t");
};
const pointer = () => koffi.alloc("void *", 1);
const pointed = (memory) => koffi.decode(memory, "void *");

// A field as JavaScript has it: a number, a string, null.
function valueOf(record, name) {
    const memory = make("vpcvis_value");
    require(vpcvis.vpcvis_record_get(record, field(name), memory));
    const value = koffi.decode(memory, "vpcvis_value");
    if (value.state !== constant.VPCVIS_STATE_VALUE) return null;
    if (value.kind <= constant.VPCVIS_KIND_NUMBER64) return Number(value.number);
    if (value.kind === constant.VPCVIS_KIND_ADDRESS) return address(value.addr.family, value.addr.bytes);
    return koffi.decode(value.text, "char", value.text_len);
}

function checkError(row, status, memory) {
    const error = koffi.decode(memory, "vpcvis_error");
    same("status", vpcvis.vpcvis_base_status_name(status), row.error.status);
    same("offset", error.offset, row.error.offset);
    if (row.error.field) same("field", error.field, field(row.error.field));
}

function checkLine(row) {
    const text = Buffer.from(row.layout);
    const line = Buffer.from(row.line);
    const [layout, record, error] = [pointer(), make("vpcvis_record"), make("vpcvis_error")];
    const config = make("vpcvis_layout_config", { text, text_len: text.length });
    require(vpcvis.vpcvis_layout_new(config, null, layout, null));
    const status = vpcvis.vpcvis_line_read(pointed(layout), 0, line, line.length, record, error);
    vpcvis.vpcvis_layout_free(pointed(layout), null);
    if (row.error) return checkError(row, status, error);
    same("status", status, constant.VPCVIS_OK);
    for (const [name, value] of Object.entries(row.fields)) same(name, valueOf(record, name), value);
}

function frameOf(hex, start) {
    const data = Buffer.from(hex, "hex");
    return make("vpcvis_frame", { data, cap_len: data.length, wire_len: data.length, start });
}

function checkRules(row) {
    const text = Buffer.from(row.rules);
    const [rules, count] = [koffi.alloc("vpcvis_rule", 16), koffi.alloc("size_t", 1)];
    const [services, error, filter] = [koffi.alloc("uint32_t", 1), make("vpcvis_error"), pointer()];
    const status = vpcvis.vpcvis_filter_read_lines(text, text.length, rules, 16, count, services, error);
    if (row.error) return checkError(row, status, error);
    require(vpcvis.vpcvis_filter_new(rules, koffi.decode(count, "size_t"), null, null, filter, error));
    const packet = make("vpcvis_packet");
    require(vpcvis.vpcvis_packet_read(frameOf(row.packet, constant.VPCVIS_START_IP), packet));
    const memory = make("vpcvis_filter_answer");
    const direction = constant[`VPCVIS_DIRECTION_${row.direction.toUpperCase()}`];
    require(vpcvis.vpcvis_filter_match(pointed(filter), packet, koffi.sizeof("vpcvis_packet"), 1,
                                       direction, memory));
    vpcvis.vpcvis_filter_free(pointed(filter), null);
    const answer = koffi.decode(memory, "vpcvis_filter_answer");
    same("number", answer.number, row.number);
    same("action", ["none", "accept", "reject"][answer.action], row.action);
}

function checkFrame(row) {
    const memory = make("vpcvis_vxlan_copy");
    const status = vpcvis.vpcvis_vxlan_unwrap(make("vpcvis_vxlan_config"),
        frameOf(row.frame, constant.VPCVIS_START_ETHERNET), null, memory);
    if (row.status) return same("status", vpcvis.vpcvis_base_status_name(status), row.status);
    const copy = koffi.decode(memory, "vpcvis_vxlan_copy");
    same("layers", copy.layers, row.layers);
    same("vni", copy.last.header.vni, row.vni);
    same("source", address(copy.last.family, copy.last.src), row.source);
    same("inner_at", copy.inner_at, row.inner_at);
    same("srcaddr", address(copy.inner.family, copy.inner.src), row.srcaddr);
    same("dstaddr", address(copy.inner.family, copy.inner.dst), row.dstaddr);
    for (const name of ["srcport", "dstport", "ip_len"]) same(name, copy.inner[name], row[name]);
}

vectors.lines.forEach(checkLine);
vectors.rules.forEach(checkRules);
vectors.frames.forEach(checkFrame);
console.log(`node: ${checked - wrong} passed, ${wrong} failed`);
process.exit(wrong === 0 ? 0 : 1);
