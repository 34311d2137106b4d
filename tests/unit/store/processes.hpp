#pragma once
// Several processes on one store: children share a few counters with the test.
#include <atomic>
#include <functional>
#include <memory>
#include <new>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::store {

// A T in memory that forked children share.
template <class T>
class Shared {
 public:
  Shared() {
    void* memory = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    value_ = new (memory) T();
  }
  ~Shared() { ::munmap(value_, sizeof(T)); }
  Shared(const Shared&) = delete;
  T* operator->() { return value_; }
  T& operator*() { return *value_; }

 private:
  T* value_;
};

// Runs `body` in a child, which exits 0 when it returns true. Children check nothing by themselves: Catch is
// the parent's.
inline pid_t start_process(const std::function<bool()>& body) {
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(body() ? 0 : 1);
  return child;
}

inline int wait_for(pid_t child) {
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

// `count` children at once; all must succeed. body gets the child's number.
inline void run_processes(int count, const std::function<bool(int)>& body) {
  std::vector<pid_t> children;
  for (int i = 0; i < count; ++i) children.push_back(start_process([&body, i] { return body(i); }));
  for (pid_t child : children) CHECK(wait_for(child) == 0);
}

}  // namespace sluice::store
