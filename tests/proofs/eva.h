/* SPDX-License-Identifier: MIT */
/*
 * What the harnesses share. Bytes lie at the end of an array, so that reading one past the
 * length is reading past the array; each length is a case of its own, with all bytes at once.
 */
#ifndef PROOFS_EVA_H
#define PROOFS_EVA_H

#include "__fc_builtin.h"

#ifndef MAX
#define MAX 256
#endif

static unsigned char memory[MAX];

static int any(int low, int high)
{
    return Frama_C_interval(low, high);
}

#endif
