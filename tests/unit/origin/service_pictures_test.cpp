// Pictures of a stream, as they are asked for.
#include "unit/origin/origin_rig.hpp"

using namespace sluice;
using namespace sluice::origin;
using namespace sluice::origin::test;

TEST_CASE("pictures: a sheet that grows is kept for seconds, a whole one for ever; what has none is told") {
  struct Drawn final : PictureQueue::Run {};
  Origin origin;
  std::vector<PictureJob> jobs;
  std::vector<std::function<void(PictureQueue::Picture)>> ends;
  PictureQueue queue({}, origin.clock, [&](const PictureJob& job, std::function<void(PictureQueue::Picture)> finished) -> Result<std::unique_ptr<PictureQueue::Run>> {
    jobs.push_back(job);
    ends.push_back(std::move(finished));
    return std::make_unique<Drawn>();
  });
  const auto draw = [&](const std::string& path, http::Headers headers = {}) {
    const std::size_t before = ends.size();
    auto slot = origin.get(path, std::move(headers));
    if (ends.size() > before) ends.back()(std::make_shared<const Bytes>(to_bytes("jpeg")));
    return slot;
  };
  const std::string base = "/live/demo/s1/";
  CHECK(origin.status(base + "storyboard-0.jpg") == 404);  // no pictures at all
  CHECK(origin.status(base + "storyboard.vtt") == 404);
  origin.service->take_pictures_from(queue);
  CHECK(origin.status("/live/demo/thumbnail.jpg") == 404);
  CHECK(origin.status(base + "storyboard-0.jpg") == 404);
  origin.ledger.segments(13);
  origin.write();

  const auto growing = draw(base + "storyboard-0.jpg");
  CHECK(text_of(*growing) == "jpeg");
  CHECK(header(*growing, "Content-Type") == "image/jpeg");
  CHECK(header(*growing, "Cache-Control") == "public, max-age=5");
  CHECK(jobs.back().arguments == std::vector<std::string>{"--sheet", "0"});
  CHECK(jobs.back().ledger.ends_with("/ledgers/s1"));
  CHECK((**draw(base + "storyboard-0.jpg", {{"If-None-Match", header(*growing, "ETag")}})).status == 304);
  CHECK(jobs.size() == 1);
  CHECK(origin.status(base + "storyboard-1.jpg") == 404);

  const auto track = origin.get(base + "storyboard.vtt");
  CHECK(header(*track, "Content-Type") == "text/vtt; charset=utf-8");
  CHECK(header(*track, "Cache-Control") == "public, max-age=5");
  CHECK(text_of(*track).find("storyboard-0.jpg#xywh=320,0,160,90") != std::string::npos);

  const auto thumbnail = draw("/live/demo/thumbnail.jpg");
  CHECK(header(*thumbnail, "Cache-Control") == "public, max-age=5");
  CHECK(jobs.back().arguments == std::vector<std::string>{"--newest", "--tile-width", "480"});
  draw("/live/demo/thumbnail.jpg");
  CHECK(jobs.size() == 2);

  origin.ledger.segments(1);
  origin.write();
  CHECK(text_of(*origin.get(base + "window.json")) ==
        R"({"stream":"s1","epoch":"2025-11-22T14:00:00.000Z","start":"2025-11-22T14:00:00.000Z","end":"2025-11-22T14:00:28.000Z","ended":false,"pictures":true})");
  origin.ledger.remove_before(2);
  origin.ledger.end();
  origin.write();
  CHECK(text_of(*origin.get(base + "window.json")).find(R"("start":"2025-11-22T14:00:04.000Z")") != std::string::npos);
  CHECK(header(*draw(base + "storyboard-0.jpg"), "Cache-Control") == "public, max-age=5");  // its first picture may have gone

  std::filesystem::remove(origin.root_ + "/live/demo");
  CHECK(header(*origin.get("/live/demo/thumbnail.jpg"), "Retry-After") == "5");
  auto broken = origin.get(base + "storyboard-0.jpg?x");
  CHECK((*broken)->status == 200);
}

TEST_CASE("a picture that fails is 404, one that cannot be made now 503") {
  for (const auto& [code, status] : {std::pair{Errc::not_found, 404}, {Errc::unavailable, 503}}) {
    Origin origin;
    origin.ledger.segments(7).end();
    origin.write();
    PictureQueue queue({}, origin.clock, [&](const PictureJob&, const std::function<void(PictureQueue::Picture)>&) -> Result<std::unique_ptr<PictureQueue::Run>> {
      return fail(code, "storyboard: exit 1");
    });
    origin.service->take_pictures_from(queue);
    CHECK(origin.status("/live/demo/s1/storyboard-0.jpg") == status);
  }
}

TEST_CASE("a whole sheet is kept for ten minutes; one with a picture missing for seconds, under another tag") {
  const bool all_drawn = GENERATE(true, false);
  struct Drawn final : PictureQueue::Run {};
  Origin origin;
  origin.ledger.segments(7).end();
  origin.write();
  std::function<void(PictureQueue::Picture)> end;
  PictureQueue queue({}, origin.clock, [&](const PictureJob&, std::function<void(PictureQueue::Picture)> finished) -> Result<std::unique_ptr<PictureQueue::Run>> {
    end = std::move(finished);
    return std::make_unique<Drawn>();
  });
  origin.service->take_pictures_from(queue);
  const auto answer = origin.get("/live/demo/s1/storyboard-0.jpg");
  CHECK_FALSE(*answer);
  end(Drawing(std::make_shared<const Bytes>(to_bytes("jpeg")), all_drawn));
  CHECK(header(*answer, "Cache-Control") == (all_drawn ? "public, max-age=600" : "public, max-age=5"));
  CHECK(header(*answer, "ETag").ends_with(all_drawn ? "/whole\"" : "/whole/passing\""));
}
