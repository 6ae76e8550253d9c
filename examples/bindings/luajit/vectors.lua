-- SPDX-License-Identifier: MIT
-- The shared vectors through LuaJIT's ffi: lines parsed, mirror rules matched, tunnels unwrapped.
-- The declarations are vpcvis_ffi.h as it is installed.
--
--   luajit vectors.lua LIBRARY VPCVIS_FFI_H VECTORS_JSON      exit status 1: something differs
local ffi = require "ffi"
local cjson = require "cjson"

local function file(path)
    local handle = assert(io.open(path))
    local text = handle:read "*a"
    handle:close()
    return text
end

ffi.cdef(file(arg[2]))
local vpcvis = ffi.load(arg[1])
local checked, wrong = 0, 0

local function same(what, is, said)
    checked = checked + 1
    if is ~= said then
        wrong = wrong + 1
        print(("%s: %s, not %s"):format(what, tostring(is), tostring(said)))
    end
end

local function name_of(status)
    return ffi.string(vpcvis.vpcvis_base_status_name(status))
end

local function config_of(type)
    local config = ffi.new(type)
    config.size = ffi.sizeof(type)
    return config
end

local function address(family, bytes)
    local addr, text, len = ffi.new "struct vpcvis_addr", ffi.new "char[64]", ffi.new "size_t[1]"
    addr.family = family
    ffi.copy(addr.bytes, bytes, 16)
    assert(vpcvis.vpcvis_addr_write(addr, text, 64, len) == vpcvis.VPCVIS_OK)
    return ffi.string(text, len[0])
end

local function bytes_of(hex)
    return (hex:gsub("..", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function field(name)
    local id = ffi.new "uint32_t[1]"
    assert(vpcvis.vpcvis_record_find(name, #name, id) == vpcvis.VPCVIS_OK)
    return id[0]
end

-- A field as Lua has it: a number, a string, null.
local function value_of(record, name)
    local value = ffi.new "struct vpcvis_value"
    assert(vpcvis.vpcvis_record_get(record, field(name), value) == vpcvis.VPCVIS_OK)
    if value.state ~= vpcvis.VPCVIS_STATE_VALUE then return cjson.null end
    if value.kind <= vpcvis.VPCVIS_KIND_NUMBER64 then return tonumber(value.number) end
    if value.kind == vpcvis.VPCVIS_KIND_ADDRESS then
        return address(value.addr.family, value.addr.bytes)
    end
    return ffi.string(value.text, value.text_len)
end

local function check_error(row, status, err)
    same("status", name_of(status), row.error.status)
    same("offset", err.offset, row.error.offset)
    if row.error.field then same("field", err.field, field(row.error.field)) end
end

local function check_line(row)
    local config, layouts = config_of "struct vpcvis_layout_config", ffi.new "vpcvis_layout *[1]"
    local record, err = ffi.new "struct vpcvis_record", ffi.new "struct vpcvis_error"
    config.text, config.text_len = row.layout, #row.layout
    assert(vpcvis.vpcvis_layout_new(config, nil, layouts, nil) == vpcvis.VPCVIS_OK)
    local status = vpcvis.vpcvis_line_read(layouts[0], 0, row.line, #row.line, record, err)
    vpcvis.vpcvis_layout_free(layouts[0], nil)
    if row.error then return check_error(row, status, err) end
    same("status", status, vpcvis.VPCVIS_OK)
    for name, value in pairs(row.fields) do same(name, value_of(record, name), value) end
end

local function packet_of(hex)
    local bytes, frame, packet = bytes_of(hex), ffi.new "struct vpcvis_frame", ffi.new "struct vpcvis_packet"
    frame.data, frame.cap_len, frame.wire_len = bytes, #bytes, #bytes
    frame.start = vpcvis.VPCVIS_START_IP
    assert(vpcvis.vpcvis_packet_read(frame, packet) == vpcvis.VPCVIS_OK)
    return packet
end

local function check_rules(row)
    local rules, count = ffi.new "struct vpcvis_rule[16]", ffi.new "size_t[1]"
    local services, err = ffi.new "uint32_t[1]", ffi.new "struct vpcvis_error"
    local status = vpcvis.vpcvis_filter_read_lines(row.rules, #row.rules, rules, 16, count, services, err)
    if row.error then return check_error(row, status, err) end
    local filters, answer = ffi.new "vpcvis_filter *[1]", ffi.new "struct vpcvis_filter_answer"
    assert(vpcvis.vpcvis_filter_new(rules, count[0], nil, nil, filters, err) == vpcvis.VPCVIS_OK)
    local packet = packet_of(row.packet)
    local direction = row.direction == "ingress" and vpcvis.VPCVIS_DIRECTION_INGRESS
        or vpcvis.VPCVIS_DIRECTION_EGRESS
    assert(vpcvis.vpcvis_filter_match(filters[0], packet, ffi.sizeof(packet), 1, direction, answer) ==
           vpcvis.VPCVIS_OK)
    vpcvis.vpcvis_filter_free(filters[0], nil)
    same("number", answer.number, row.number)
    same("action", ({ [0] = "none", "accept", "reject" })[answer.action], row.action)
end

local function check_frame(row)
    local config, bytes = config_of "struct vpcvis_vxlan_config", bytes_of(row.frame)
    local frame, copy = ffi.new "struct vpcvis_frame", ffi.new "struct vpcvis_vxlan_copy"
    frame.data, frame.cap_len, frame.wire_len = bytes, #bytes, #bytes
    frame.start = vpcvis.VPCVIS_START_ETHERNET
    local status = vpcvis.vpcvis_vxlan_unwrap(config, frame, nil, copy)
    if row.status then return same("status", name_of(status), row.status) end
    same("layers", copy.layers, row.layers)
    same("vni", copy.last.header.vni, row.vni)
    same("source", address(copy.last.family, copy.last.src), row.source)
    same("inner_at", copy.inner_at, row.inner_at)
    same("srcaddr", address(copy.inner.family, copy.inner.src), row.srcaddr)
    same("dstaddr", address(copy.inner.family, copy.inner.dst), row.dstaddr)
    same("srcport", copy.inner.srcport, row.srcport)
    same("dstport", copy.inner.dstport, row.dstport)
    same("ip_len", copy.inner.ip_len, row.ip_len)
end

local vectors = cjson.decode(file(arg[3]))
for _, row in ipairs(vectors.lines) do check_line(row) end
for _, row in ipairs(vectors.rules) do check_rules(row) end
for _, row in ipairs(vectors.frames) do check_frame(row) end
print(("luajit: %d passed, %d failed"):format(checked - wrong, wrong))
os.exit(wrong == 0 and 0 or 1)
