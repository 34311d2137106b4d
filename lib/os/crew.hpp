#pragma once
// Crew: threads that help with what is at hand while the one that asks for it works too and waits for the
// rest, so that between two calls it is alone with everything, and nothing needs a lock.
#include <cstddef>
#include <functional>
#include <memory>

namespace sluice::os {

class Crew {
 public:
  explicit Crew(std::size_t helpers);
  ~Crew();
  Crew(const Crew&) = delete;

  // Calls work(0) … work(pieces - 1), each once, here and on the helpers, and returns when all are done. A
  // helper that wakes late is not waited for: who is awake does its part. `work` does not throw. One call at
  // a time.
  void work(std::size_t pieces, const std::function<void(std::size_t piece)>& work);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Of this process, by its affinity: at least 1.
std::size_t usable_cores();

}  // namespace sluice::os
