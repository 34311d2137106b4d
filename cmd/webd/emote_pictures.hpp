#pragma once
// EmotePictures: GET /emotes/ID/SCALE, what emotes look like, from the places that `chanctl emote add` names: files are read, browsers
// are led on to URLs. Also of emotes that were removed: lines that were said with them are shown for longer.
#include <nlohmann/json.hpp>
#include <string>

#include "http/router.hpp"
#include "net/loop.hpp"
#include "store/store.hpp"

namespace sluice::webd {

class EmotePictures {
 public:
  // Both must outlive it.
  EmotePictures(net::Offload& offload, store::Store& store) : offload_(offload), store_(store) {}

  Result<> read_sources();                   // before pages are answered; asks the store here
  void add_routes(http::Router& router);
  void changed(const store::Event& event);  // from the follower
  // Where the URLs of emotes' pictures lie, as a Content-Security-Policy names sources: each with a blank before it.
  const std::string& sources() const { return sources_; }

 private:
  net::Offload& offload_;
  store::Store& store_;
  std::string sources_;
};

// The addresses of an emote's pictures by scale, as far as it has any: {"1x":"/emotes/7/1x",…}.
nlohmann::json pictures_of(const store::Emote& emote);

}  // namespace sluice::webd
