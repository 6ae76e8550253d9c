/* SPDX-License-Identifier: MIT */
/*
 * Internal hash of room base: SipHash-1-3 of whole words, one key or many at once. Expected values: a second program,
 * which reproduces the SipHash-2-4 value of the paper's appendix A and CPython's siphash13.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "hash_lanes.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

struct row {
    size_t words;
    uint64_t hash; /* of the bytes 0, 1, 2, ... under the key 0, 1, ... 15 */
};

static const struct row rows[] = {
    {0, 0xabac0158050fc4dcu},  {1, 0x369095118d299a8eu},
    {2, 0xcc4fdd1a7d908b66u},  {3, 0xf464aeb267349c8cu},
    {4, 0x81157b6c16a7b60du},  {5, 0xc1d2363299e41531u},
    {6, 0x9f3143f8df074c46u},  {31, 0x7de72d367555788au},
    {32, 0x75b3e64e167de370u}, /* the length counts modulo 256 bytes */
};

START_TEST(siphash_1_3)
{
    unsigned char bytes[256];
    uint64_t key[2], words[32];
    size_t i;

    for (i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    for (i = 0; i < 32; i++)
        words[i] = vpcvis_i_bytes_le64((const char *)bytes + 8 * i);
    key[0] = words[0];
    key[1] = words[1];
    ck_assert_uint_eq(vpcvis_i_hash_sip13(key, words, rows[_i].words), rows[_i].hash);
}
END_TEST

/* CPython 3.11, PYTHONHASHSEED=0: hash(b"abcdefgh" * 3). */
START_TEST(siphash_of_cpython)
{
    const uint64_t key[2] = {0, 0};
    const uint64_t word = vpcvis_i_bytes_le64("abcdefgh");
    const uint64_t words[3] = {word, word, word};

    ck_assert_uint_eq(vpcvis_i_hash_sip13(key, words, 3), 0x7f5629aa6a46816eu);
}
END_TEST

#define LANES 16
#define WORDS 17 /* of the longest key that is hashed so */

#if defined(VPCVIS_I_X86)
__attribute__((target("avx2"))) static void hash_fours(
    const struct vpcvis_i_hash_state *start, uint64_t words[WORDS][LANES], uint32_t n,
    uint64_t *hashes)
{
    uint32_t i;

    for (i = 0; i < LANES; i += 4)
        _mm256_storeu_si256((__m256i *)(void *)&hashes[i],
                            vpcvis_i_hash_four(start, &words[0][i], LANES, n));
}

__attribute__((target("avx512f"))) static void hash_eights(
    const struct vpcvis_i_hash_state *start, uint64_t words[WORDS][LANES], uint32_t n,
    uint64_t *hashes)
{
    uint32_t i;

    for (i = 0; i < LANES; i += 8)
        _mm512_storeu_si512(&hashes[i],
                            vpcvis_i_hash_eight(start, &words[0][i], LANES, n));
}
#else
static void hash_fours(const struct vpcvis_i_hash_state *start,
                       uint64_t words[WORDS][LANES], uint32_t n, uint64_t *hashes)
{
    (void)start, (void)words, (void)n, (void)hashes;
}
#define hash_eights hash_fours
#endif

/* Many keys at once have the hashes that they have one at a time. */
START_TEST(lanes)
{
    const uint32_t cpu = _i < WORDS ? VPCVIS_CPU_AVX2 : VPCVIS_CPU_AVX512;
    const uint32_t n = (uint32_t)_i % WORDS + 1;
    const uint64_t key[2] = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    const struct vpcvis_i_hash_state start = vpcvis_i_hash_start(key);
    uint64_t words[WORDS][LANES], one[WORDS], hashes[LANES];
    uint64_t state = 88172645463325252u;
    uint32_t i, w;

    if (vpcvis_base_cpu_find(cpu) != VPCVIS_OK) {
        printf("skipped: this CPU has no %s\n", vpcvis_base_cpu_name(cpu));
        return;
    }
    for (w = 0; w < WORDS; w++) {
        for (i = 0; i < LANES; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            words[w][i] = state;
        }
    }
    (cpu == VPCVIS_CPU_AVX2 ? hash_fours : hash_eights)(&start, words, n, hashes);
    for (i = 0; i < LANES; i++) {
        for (w = 0; w < n; w++)
            one[w] = words[w][i];
        ck_assert_uint_eq(hashes[i], vpcvis_i_hash_sip13(key, one, n));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hash");
    TCase *tcase = tcase_create("hash");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, siphash_1_3, 0, COUNT(rows));
    tcase_add_test(tcase, siphash_of_cpython);
    tcase_add_loop_test(tcase, lanes, 0, 2 * WORDS);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
