#pragma once
// Sockets handed over by the service manager (sd_listen_fds(3)): LISTEN_FDS descriptors from 3 on, named by LISTEN_FDNAMES.
#include <map>
#include <string>

#include "os/unique_fd.hpp"

namespace sluice::app {

// Takes them all, once; the variables are removed so that children do not take them for theirs.
std::multimap<std::string, os::UniqueFd> take_passed_sockets();

}  // namespace sluice::app
