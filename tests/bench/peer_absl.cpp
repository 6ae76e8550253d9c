/* SPDX-License-Identifier: MIT */
/* Abseil's flat_hash_map as a flow table. Built only where Abseil is. */
#include "peer_flow.h"

#include <absl/container/flat_hash_map.h>
#include <cstring>
#include <new>

namespace {

struct Key {
    peer_key key;
    bool operator==(const Key &other) const
    {
        return std::memcmp(&key, &other.key, sizeof key) == 0;
    }
    template <typename H> friend H AbslHashValue(H state, const Key &k)
    {
        return H::combine_contiguous(std::move(state),
                                     reinterpret_cast<const unsigned char *>(&k.key),
                                     sizeof k.key);
    }
};

using Map = absl::flat_hash_map<Key, peer_counters>;

} // namespace

void *peer_absl_new(size_t flows)
{
    Map *map = new (std::nothrow) Map;
    if (map != nullptr)
        map->reserve(flows);
    return map;
}

void peer_absl_free(void *peer)
{
    delete static_cast<Map *>(peer);
}

int peer_absl_add(void *peer, const peer_key *keys, size_t count, uint32_t now)
{
    Map &map = *static_cast<Map *>(peer);
    for (size_t i = 0; i < count; i++) {
        peer_counters &c = map[Key{keys[i]}];
        if (c.packets++ == 0)
            c.first = now;
        c.bytes += 100;
        c.last = now;
        c.tcp_flags |= 16;
    }
    return 1;
}
