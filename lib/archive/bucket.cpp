#include "archive/bucket.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "os/file.hpp"
#include "s3/refusal.hpp"
#include "s3/signature.hpp"

namespace sluice::archive {
namespace {

constexpr seconds longest_stall{20};

// Media is never empty: where a disk is full, a segment is emptied and then unlinked (hls::LedgerWriter).
Error emptied(const std::string& path) { return {Errc::not_found, path + " has been removed", ""}; }

Result<std::uint64_t> size_of(int fd, const std::string& path) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return fail_errno("look at " + path);
  return static_cast<std::uint64_t>(facts.st_size);
}

struct Payload {
  curl::Body body;
  std::string hash;  // SHA-256, hex
  std::uint64_t bytes = 0;
};

// Read twice, once for the digest that is signed, from the page cache as a rule: memory does not grow with the file.
Result<std::string> digest_of(int fd, std::uint64_t bytes, const std::string& path) {
  crypto::Sha256Pieces digest;
  Bytes buffer(std::min<std::uint64_t>(bytes, 256 * 1024));
  for (std::uint64_t at = 0; at < bytes;) {
    const ssize_t n = ::pread(fd, buffer.data(), std::min<std::uint64_t>(buffer.size(), bytes - at), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read " + path);
    if (n == 0) {
      SLUICE_TRY_VALUE(const std::uint64_t left, size_of(fd, path));
      if (left == 0) return std::unexpected(emptied(path));
      return fail(Errc::invalid, path + " is shorter than its ledger says", "see the machine's log for a fault of the disk");
    }
    digest.add(ByteView(buffer).first(static_cast<std::size_t>(n)));
    at += static_cast<std::uint64_t>(n);
  }
  return hex(digest.finish());
}

Result<Payload> payload_of(const Object& object) {
  Payload out;
  if (object.path.empty()) {
    out.body.bytes = to_bytes(object.text);
    out.bytes = out.body.bytes.size();
    out.hash = hex(crypto::sha256(out.body.bytes));
    return out;
  }
  SLUICE_TRY_VALUE(os::UniqueFd fd, os::open_file(object.path, O_RDONLY));
  out.bytes = object.bytes;
  if (out.bytes == 0) {
    SLUICE_TRY_VALUE(out.bytes, size_of(fd.get(), object.path));
  }
  SLUICE_TRY_VALUE(out.hash, digest_of(fd.get(), out.bytes, object.path));
  out.body.file = std::make_shared<os::UniqueFd>(std::move(fd));
  out.body.size = out.bytes;
  return out;
}

Sent unsent(const Object& object, Error error) {
  const bool header = object.item && object.item->kind == Item::Kind::header;
  // Gone, emptied included, or cut short (a disk that lost power).
  const bool lost = error.code == Errc::not_found || error.code == Errc::invalid;
  if (lost && !header) return {.outcome = Sent::Outcome::removed, .error = std::move(error)};
  if (header) {
    error.hint = "nothing of its rendition can be played without this header: let it be read, or bring it back";
  } else if (error.code == Errc::denied) {
    error.hint = "let the user that vodarchive runs as read it";
  } else {
    error.hint = "see the machine's log for a fault of the disk; when the file is removed the rest goes on, with a gap there";
  }
  return {.outcome = Sent::Outcome::faulty, .error = std::move(error)};
}

Sent::Outcome outcome_of(const curl::Exchange& answer, const s3::Refusal& refusal) {
  if (answer.cut || s3::passing(answer.status, refusal.code)) return Sent::Outcome::passing;
  return s3::of_one_object(answer.status, refusal.code) ? Sent::Outcome::faulty : Sent::Outcome::refused;
}

}  // namespace

Bucket::Bucket(Destination destination, curl::Transfers& transfers, const Clock& clock)
    : destination_(std::move(destination)), transfers_(transfers), clock_(clock) {}

void Bucket::put(const Object& object, milliseconds patience, std::function<void(const Sent&)> done) {
  auto payload = payload_of(object);
  if (!payload) return done(unsent(object, payload.error()));
  const s3::Target target = s3::target_of(destination_.service, destination_.place, destination_.place.key(object.key));
  const s3::Request request{"PUT", target.host, target.path, {}, {{"Cache-Control", object.caching}, {"Content-Type", object.type}}};
  const auto fields = s3::signed_fields(request, destination_.credentials, {destination_.service.region, "s3"}, clock_.wall(), payload->hash);
  const std::string what = "put " + destination_.place.text() + "/" + object.key;
  transfers_.send({.method = "PUT", .url = target.url, .headers = fields, .body = std::move(payload->body), .patience = patience, .stall = longest_stall},
                  [what, bytes = payload->bytes, done = std::move(done)](const curl::Exchange& answer) {
                    const double took = std::chrono::duration<double, std::milli>(answer.done - answer.asked).count();
                    const s3::Refusal refusal = s3::read_refusal(answer.body);
                    // A success has no body. S3 says 200 before it knows of some requests, not of this one; of a stand-in nobody knows.
                    if (answer.status / 100 == 2 && !answer.cut && refusal.code.empty()) return done({.outcome = Sent::Outcome::there, .bytes = bytes, .took_ms = took});
                    Error error = s3::error_of(what, answer.status, refusal);
                    if (answer.status == 0) error.what = what + ": " + answer.error;
                    if (answer.cut) error.what += ": the answer was cut off: " + answer.error;
                    done({.outcome = outcome_of(answer, refusal), .bytes = bytes, .took_ms = took, .error = std::move(error)});
                  });
}

}  // namespace sluice::archive
