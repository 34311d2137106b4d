#pragma once
// EmotePictures: GET /emotes/ID/SCALE, what emotes look like, from the places that `chanctl emote add` names: files are read, browsers
// are led on to URLs. Also of emotes that were removed: lines that were said with them are shown for longer.
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "http/router.hpp"
#include "net/loop.hpp"
#include "store/store.hpp"

namespace sluice::webd {

class EmotePictures {
 public:
  // All must outlive it.
  EmotePictures(net::Offload& offload, store::Store& store, Clock& clock) : offload_(offload), store_(store), clock_(clock) {}

  Result<> read_sources();                   // before pages are answered; asks the store here
  void add_routes(http::Router& router);
  void changed(const store::Event& event);  // from the follower
  // Where the URLs of emotes' pictures lie, as a Content-Security-Policy names sources: each with a blank before it.
  const std::string& sources() const { return sources_; }

 private:
  struct Picture {
    std::string url;  // where it is elsewhere
    SharedBytes bytes;  // else, with their type and ETag
    std::string_view type;
    std::string tag;
  };
  // A room of thousands asks for a line's emotes at once: each is read once for all, and again after a moment.
  struct Kept {
    Result<Picture> picture;
    Steady until{};
    bool asked = false;
    std::vector<std::pair<http::Responder, std::string>> waiting;  // with If-None-Match
  };
  using Key = std::pair<std::int64_t, std::size_t>;  // id, scale

  static Result<Picture> read(store::Store& store, Key key);
  static Result<Picture> read_file(const std::string& path);
  static void respond(const Result<Picture>& picture, const http::Responder& responder, std::string_view if_none_match);
  void answer(Key key, const http::Responder& responder, std::string_view if_none_match);
  void make_room();

  net::Offload& offload_;
  store::Store& store_;
  Clock& clock_;
  std::string sources_;
  std::map<Key, Kept> kept_;
};

// The addresses of an emote's pictures by scale, as far as it has any: {"1x":"/emotes/7/1x",…}.
nlohmann::json pictures_of(const store::Emote& emote);

}  // namespace sluice::webd
