#pragma once
// Bucket: signed requests for objects of one place, over libcurl. Where secrets are used, and nowhere told.
#include <functional>
#include <string>

#include "archive/ledger_upload.hpp"
#include "base/clock.hpp"
#include "curl/transfers.hpp"
#include "s3/credentials.hpp"
#include "s3/place.hpp"

namespace sluice::archive {

struct Destination {
  s3::Place place;
  s3::Service service;
  s3::Credentials credentials;
};

struct Sent {
  enum class Outcome {
    there,
    removed,  // a segment's file is there no more, or not all of it: it will not come back
    faulty,   // a fault of this object alone: its file cannot be read, or the service takes none like it
    passing,  // what failed may succeed a moment later
    refused,
  };
  Outcome outcome = Outcome::refused;
  std::uint64_t bytes = 0;
  std::optional<double> took_ms = {};  // the service; none: it was not asked
  Error error = {};                    // unless it is there
};

class Bucket {
 public:
  // Both outlive it.
  Bucket(Destination destination, curl::Transfers& transfers, const Clock& clock);

  void change(const s3::Credentials& credentials) { destination_.credentials = credentials; }  // from the next request on
  std::string place() const { return destination_.place.text(); }

  // Puts the object; calls back once, from Transfers::turn() or at once. Repeating it changes nothing.
  void put(const Object& object, milliseconds patience, std::function<void(const Sent&)> done);

 private:
  Destination destination_;
  curl::Transfers& transfers_;
  const Clock& clock_;
};

}  // namespace sluice::archive
