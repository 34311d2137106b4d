#pragma once
// A fresh store for each test, of the engine under test: every test of this suite speaks to store::Store
// only.
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>
#include <stdlib.h>

#include "store/store.hpp"

namespace sluice::store {

// A folder that goes when the test ends.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-store-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()));
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  std::filesystem::path path;
};

struct Fresh {
  Folder folder;
  std::string url = "sqlite:" + (folder.path / "platform" / "store.db").string();
  FakeClock clock;
  SeededRandom random{7};
  std::unique_ptr<Store> store = open_store(url, clock, random).value();

  Store* operator->() { return store.get(); }

  User user(std::string_view name = "alice") { return store->users().add(name, "").value(); }
  Channel channel(std::string_view name = "demo") {
    auto owner = store->users().by_name("alice");
    return store->channels().add(name, owner ? owner->id : user().id, "A title").value();
  }
  Stream live_stream(const Channel& channel, std::string_view node = "n1") {
    REQUIRE(store->leases().take(channel_lock(channel.id), "owner", node));
    Stream stream = store->streams().begin(channel.id, "owner").value();
    REQUIRE(store->streams().go_live(stream.id).value().changed);
    return store->streams().by_id(stream.id).value();
  }
  std::vector<std::string> event_names() {
    std::vector<std::string> names;
    auto events = store->events().since(Cursor(0), 1000).value();
    for (auto& event : events) names.push_back(event.name);
    return names;
  }
};

inline const Actor shell{UserId(), "unix:root", "local"};

template <class T>
Errc code_of(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

}  // namespace sluice::store
