#include "curl/transfers.hpp"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "base/text.hpp"

namespace sluice::curl {
namespace {

struct Transfer {
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  Body body;
  std::uint64_t sent = 0;
  Steady moved{};  // a byte, either way
  std::size_t most_answer = 0, header_bytes = 0;
  Exchange exchange;
  Transfers::Done done;
  char error[CURL_ERROR_SIZE] = "";
  bool too_large = false;
  ~Transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }
  std::uint64_t body_size() const { return body.file ? body.size : body.bytes.size(); }
};

constexpr std::size_t most_headers = 256 * 1024;  // of one exchange; libcurl bounds a single field only

Steady now() { return system_clock().steady(); }

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* of) {
  Transfer& transfer = *static_cast<Transfer*>(of);
  transfer.moved = now();
  if (transfer.exchange.body.empty()) transfer.exchange.first = now();
  if (transfer.exchange.body.size() + size * count > transfer.most_answer) {
    transfer.too_large = true;
    return 0;
  }
  append(transfer.exchange.body, as_bytes({data, size * count}));
  return size * count;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* of) {
  Transfer& transfer = *static_cast<Transfer*>(of);
  transfer.moved = now();
  transfer.header_bytes += size * count;  // of interim answers too
  if (transfer.header_bytes > most_headers) return 0;
  auto& headers = transfer.exchange.headers;
  std::string_view line(data, size * count);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) headers.clear();  // of a redirect, or an interim answer
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) headers.emplace_back(ascii_lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
  return size * count;
}

std::size_t give_body(char* to, std::size_t size, std::size_t count, void* of) {
  Transfer& transfer = *static_cast<Transfer*>(of);
  const std::size_t most = std::min<std::uint64_t>(size * count, transfer.body_size() - transfer.sent);
  std::size_t given = 0;
  if (!transfer.body.file) {
    std::memcpy(to, transfer.body.bytes.data() + transfer.sent, most);
    given = most;
  }
  while (transfer.body.file && given < most) {
    const ssize_t n = ::pread(transfer.body.file->get(), to + given, most - given, static_cast<off_t>(transfer.sent + given));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return CURL_READFUNC_ABORT;  // an error, or the file has become shorter
    given += static_cast<std::size_t>(n);
  }
  transfer.sent += given;
  transfer.moved = now();
  return given;
}

// A connection that had been kept may turn out to be closed when something was sent already: it begins again on another.
int seek_body(void* of, curl_off_t offset, int origin) {
  Transfer& transfer = *static_cast<Transfer*>(of);
  if (origin != SEEK_SET || offset < 0 || static_cast<std::uint64_t>(offset) > transfer.body_size()) return CURL_SEEKFUNC_CANTSEEK;
  transfer.sent = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

// What a request sends, and by which method.
void set_method(Transfer& transfer, const Request& request) {
  CURL* easy = transfer.easy;
  if (request.body) {
    transfer.body = *request.body;
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(transfer.body_size()));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, &transfer);
    // Without it libcurl asks for leave before large bodies, and waits a second where none is given.
    transfer.headers = curl_slist_append(transfer.headers, "Expect:");
  }
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method != (request.body ? "PUT" : "GET")) {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  for (const auto& [name, value] : request.headers) transfer.headers = curl_slist_append(transfer.headers, (name + ": " + value).c_str());
  if (transfer.headers) curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
}

int version_of(long version) {
  switch (version) {
    case CURL_HTTP_VERSION_1_0: return 10;
    case CURL_HTTP_VERSION_2_0: return 20;
    case CURL_HTTP_VERSION_3: return 30;
    default: return 11;
  }
}

Fault fault_of(CURLcode code, long status) {
  switch (code) {
    case CURLE_BAD_CONTENT_ENCODING: return Fault::encoding;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR: return Fault::certificate;
    case CURLE_SSL_CACERT_BADFILE: return Fault::ca_file;
    case CURLE_URL_MALFORMAT: return status > 0 ? Fault::other : Fault::url;  // a redirect's is no fault of who asked
    default: return Fault::other;
  }
}

void read_outcome(Transfer& transfer, CURLcode code) {
  Exchange& exchange = transfer.exchange;
  exchange.done = now();
  if (exchange.body.empty()) exchange.first = exchange.done;
  long status = 0, version = 0;
  const char* url = nullptr;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(transfer.easy, CURLINFO_HTTP_VERSION, &version);
  curl_easy_getinfo(transfer.easy, CURLINFO_EFFECTIVE_URL, &url);
  exchange.url = url ? url : "";
  exchange.http = version_of(version);
  exchange.timed_out = code == CURLE_OPERATION_TIMEDOUT;
  if (code == CURLE_OK) {
    exchange.status = static_cast<int>(status);
    return;
  }
  exchange.error = transfer.error[0] ? transfer.error : curl_easy_strerror(code);
  exchange.fault = transfer.too_large ? Fault::too_large : fault_of(code, status);
  if (transfer.too_large) exchange.error = "it is larger than " + std::to_string(transfer.most_answer >> 10) + " KB";
  if (transfer.header_bytes > most_headers) exchange.error = "its header is larger than " + std::to_string(most_headers >> 10) + " KB";
  // An answer had begun: what it was is told, and that it is not whole.
  const bool had_answer = status > 0 && (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_WRITE_ERROR || code == CURLE_BAD_CONTENT_ENCODING);
  if (had_answer) {
    exchange.status = static_cast<int>(status);
    exchange.cut = true;
  }
}

}  // namespace

struct Transfers::Impl {
  CURLM* multi = nullptr;
  Settings settings;
  std::map<CURL*, std::unique_ptr<Transfer>> under_way;
  Steady ended{};  // the last one
};

Transfers::Transfers(Settings settings) : impl_(std::make_unique<Impl>()) {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)once;
  impl_->multi = curl_multi_init();
  impl_->settings = std::move(settings);
  curl_multi_setopt(impl_->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
}

Transfers::~Transfers() {
  for (auto& [easy, transfer] : impl_->under_way) curl_multi_remove_handle(impl_->multi, easy);
  impl_->under_way.clear();
  curl_multi_cleanup(impl_->multi);
}

std::size_t Transfers::under_way() const { return impl_->under_way.size(); }

std::optional<Steady> Transfers::silent_since() const {
  if (impl_->under_way.empty()) return std::nullopt;
  Steady since = impl_->ended;
  for (const auto& [easy, transfer] : impl_->under_way) since = std::max({since, transfer->exchange.asked, transfer->moved});
  return since;
}

void Transfers::send(Request request, Done done) {
  auto transfer = std::make_unique<Transfer>();
  CURL* easy = transfer->easy = curl_easy_init();
  transfer->done = std::move(done);
  transfer->most_answer = request.most_answer.value_or(impl_->settings.most_answer);
  transfer->exchange.asked = now();
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request.redirects ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  if (!request.body) curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(easy, CURLOPT_USERAGENT, impl_->settings.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.patience.count()));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.to_connect.count()));
  if (request.stall.count() > 0) {
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall.count()));
  }
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // A look-up cannot be called off: without this libcurl waits for its thread, for as long as a DNS server is silent, with all that is under way.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  if (!impl_->settings.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, impl_->settings.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer.get());
  set_method(*transfer, request);
  curl_multi_add_handle(impl_->multi, easy);
  impl_->under_way.emplace(easy, std::move(transfer));
}

void Transfers::wake() { curl_multi_wakeup(impl_->multi); }

Result<> Transfers::turn(milliseconds wait, int also) {
  int running = 0;
  curl_waitfd other{also, CURL_WAIT_POLLIN, 0};
  CURLMcode code = curl_multi_perform(impl_->multi, &running);
  if (code == CURLM_OK) code = curl_multi_poll(impl_->multi, &other, also >= 0 ? 1 : 0, static_cast<int>(wait.count()), nullptr);
  if (code == CURLM_OK) code = curl_multi_perform(impl_->multi, &running);
  if (code != CURLM_OK) return fail(Errc::io, std::string("move HTTP transfers: ") + curl_multi_strerror(code));
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(impl_->multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode outcome = message->data.result;
    const auto at = impl_->under_way.find(message->easy_handle);
    const std::unique_ptr<Transfer> transfer = std::move(at->second);
    impl_->under_way.erase(at);
    impl_->ended = now();
    read_outcome(*transfer, outcome);
    curl_multi_remove_handle(impl_->multi, transfer->easy);
    transfer->done(transfer->exchange);
  }
  return {};
}

}  // namespace sluice::curl
