#pragma once
// A platform's directories with one ledger that grows, an origin service, and its answers.
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "base/text.hpp"
#include "hls/uploads.hpp"
#include "origin/service.hpp"
#include "os/file.hpp"
#include "unit/hls/sample_ledger.hpp"

namespace sluice::origin::test {

class Origin {
 public:
  explicit Origin(Options options = {}) {
    char path[] = "/tmp/sluice-origin-XXXXXX";
    root_ = ::mkdtemp(path);
    for (const char* folder : {"/live", "/ledgers/s1/source", "/ledgers/s1/low", "/ledgers/s1/audio"}) {
      std::filesystem::create_directories(root_ + folder);
    }
    std::filesystem::create_directory_symlink("../ledgers/s1", root_ + "/live/demo");
    service.emplace(Places{root_ + "/live", root_ + "/ledgers"}, options, clock, *os::Inotify::open());
    write();
  }
  ~Origin() { std::filesystem::remove_all(root_); }

  // Brings what the sample ledger has gained onto the disk, and lets the service see it.
  void write() {
    const std::string& text = ledger.text();
    const auto fd = os::open_file(root_ + "/ledgers/s1/index", O_WRONLY | O_CREAT | O_APPEND);
    REQUIRE(os::write_all(fd->get(), as_bytes(std::string_view(text).substr(written_))));
    written_ = text.size();
    service->read_changes();
  }
  void media(const std::string& file, std::size_t size) {
    REQUIRE(os::write_file_atomically(root_ + "/ledgers/s1/" + file, std::string(size, 'm')));
  }
  // A line of the record of uploads.
  void uploaded(const std::vector<hls::UploadRecord>& records) {
    const auto fd = os::open_file(root_ + "/ledgers/s1/uploads", O_WRONLY | O_CREAT | O_APPEND);
    for (const hls::UploadRecord& record : records) REQUIRE(os::write_all(fd->get(), as_bytes(hls::format_upload_record(record))));
    service->read_changes();
  }
  // Another record in its place.
  void uploaded_anew(const hls::UploadRecord& place, const std::vector<hls::UploadRecord>& records) {
    std::string text = hls::format_upload_record(place);
    for (const hls::UploadRecord& record : records) text += hls::format_upload_record(record);
    REQUIRE(os::write_file_atomically(root_ + "/ledgers/s1/uploads", text));
    service->read_changes();
  }
  std::shared_ptr<std::optional<http::Response>> get(const std::string& path, http::Headers headers = {}, const std::string& method = "GET") {
    http::Request request;
    request.method = method;
    const std::size_t question = path.find('?');
    request.path = path.substr(0, question);
    request.headers = std::move(headers);
    if (question != std::string::npos) {
      for (auto pair : split(std::string_view(path).substr(question + 1), '&')) {
        const std::size_t equals = pair.find('=');
        request.query.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
      }
    }
    auto slot = std::make_shared<std::optional<http::Response>>();
    service->handle(request, parse_route(request.path), [slot](http::Response response) {
      REQUIRE_FALSE(slot->has_value());
      *slot = std::move(response);
    });
    return slot;
  }
  int status(const std::string& path) {
    const auto slot = get(path);
    return *slot ? (*slot)->status : 0;
  }

  hls::SampleLedger ledger;
  FakeClock clock;
  std::optional<Service> service;
  std::string root_;
  std::size_t written_ = 0;
};

inline std::string text_of(const std::optional<http::Response>& response) {
  REQUIRE(response);
  return std::string(as_text(*std::get<SharedBytes>(response->body)));
}

inline std::string header(const std::optional<http::Response>& response, const std::string& name) {
  REQUIRE(response);
  return std::string(response->header(name));
}

inline const std::string source = "/live/demo/s1/source/";

}  // namespace sluice::origin::test
