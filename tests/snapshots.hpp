#pragma once
// Objects to a snapshot and back, for tests.
#include "base/snapshot.hpp"

namespace sluice::test {

template <class... T>
Bytes saved(const T&... objects) {
  Bytes bytes;
  SnapshotWriter out(bytes);
  out(objects...);
  return bytes;
}

template <class... T>
Result<> restored(ByteView bytes, T&... objects) {
  SnapshotReader in(bytes);
  in(objects...);
  return in.finish();
}

}  // namespace sluice::test
