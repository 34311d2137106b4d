#pragma once
// Site: the pages and their assets, with the headers that keep them safe.
#include "emote_pictures.hpp"
#include "http/router.hpp"
#include "http/static_files.hpp"
#include "net/loop.hpp"
#include "places.hpp"
#include "store/store.hpp"

namespace sluice::webd {

// share/sluice/pages beside the bin that this program lies in.
Result<std::string> installed_pages();

class Site {
 public:
  Site(http::StaticFiles files, net::Offload& offload, store::Store& store, const Places& places, const EmotePictures& pictures)
      : files_(std::move(files)), offload_(offload), store_(store), places_(places), pictures_(pictures) {}
  void add_routes(http::Router& router);
  void change(http::StaticFiles files) { files_ = std::move(files); }
  http::Response page(const http::Request& request, std::string_view file, int status) const;

 private:
  http::StaticFiles files_;
  net::Offload& offload_;
  store::Store& store_;
  const Places& places_;
  const EmotePictures& pictures_;
};

}  // namespace sluice::webd
