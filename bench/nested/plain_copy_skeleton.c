#include "bpf/define_skeleton.h"
#include "plain_copy.h"

#include "plain_copy.lskel.h"

DEFINE_SKELETON(plain_copy, struct copy, COPIES)
