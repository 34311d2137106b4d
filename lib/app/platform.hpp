#pragma once
// Which platform a program works on: --dir DIR (SLUICE_DIR), and what lies at fixed places in it.
#include <string>
#include <vector>

#include "app/options.hpp"

namespace sluice::app {

// The rows --dir, --store and --bus, for the root of a program's table.
std::vector<Option> platform_options();

struct Platform {
  std::string dir;    // absolute
  std::string store;  // URL, for store::open_store
  std::string bus;    // URL, for bus::open_bus
  std::string ledgers() const { return dir + "/ledgers"; }
  std::string live() const { return dir + "/live"; }
  std::string control(const std::string& program) const { return dir + "/run/" + program + ".sock"; }
};

// Without --dir: XDG_STATE_HOME/sluice, else HOME/.local/state/sluice, as `sluice up` has it.
Platform platform_of(const Settings& settings, const Environment& environment = process_environment());

}  // namespace sluice::app
