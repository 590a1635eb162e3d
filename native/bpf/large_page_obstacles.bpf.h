/* SPDX-License-Identifier: Dual MIT/GPL */
/* The values of the runs of large_page_obstacles.bpf.c: what is against 2 MiB, and shifted, what is against 1 GiB. */
#pragma once

#define OBSTACLE_MIXED 1
#define OBSTACLE_COUNT 2
#define OBSTACLE_BITS 2
