#include "request.h"

#include <poll.h>

namespace guestmem::inject {

bool Target::has_exited() const {
    // A pidfd polls readable from the moment the whole process is dead, reaped or not.
    pollfd entry{pidfd, POLLIN, 0};
    return poll(&entry, 1, 0) != 0;
}

}  // namespace guestmem::inject
