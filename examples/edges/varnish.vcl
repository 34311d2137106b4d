# Varnish as an edge in front of origind: varnishd -a :8080 -f varnish.vcl -s malloc,4g. Tried with Varnish 7.1.
# Change one place: where origind is. How long anything is kept is origind's Cache-Control, as in nginx.conf beside this file.
#
# Requests for what is already being fetched wait in Varnish, and are answered the moment it arrives (nginx looks every half second).
vcl 4.1;

import std;

backend origin {
    .host = "127.0.0.1";
    .port = "8081";
    .connect_timeout = 2s;
    .first_byte_timeout = 30s;      # a blocked request waits up to three target durations
    .between_bytes_timeout = 10s;
}

sub vcl_recv {
    if (req.method != "GET" && req.method != "HEAD" && req.method != "OPTIONS") {
        return (synth(405));
    }
    if (req.method == "OPTIONS") {
        return (pass);
    }
    unset req.http.Cookie;          # origind has none; Varnish would not cache with one
    unset req.http.X-Trace-Id;      # of one player; the answer is for all

    # The only words of a query that mean anything are _HLS_msn, _HLS_part and _HLS_skip (RFC 8216bis, 6.2.5), for playlists, in one order.
    if (req.url ~ "\.m3u8\?") {
        set req.url = regsuball(req.url, "([?&])(?!_HLS_(msn|part|skip)=)[^&]*", "\1");
        set req.url = regsub(regsub(regsuball(req.url, "&&+", "&"), "\?&", "?"), "[?&]$", "");
        set req.url = std.querysort(req.url);
    } else {
        set req.url = regsub(req.url, "\?.*$", "");
    }

    # A live playlist is not served beyond its second, unless origind was just asked and is away (see vcl_deliver).
    if (req.restarts == 0) {
        set req.grace = 0s;
    } else {
        set req.grace = 10s;
    }
    return (hash);
}

sub vcl_hash {
    hash_data(req.url);             # not by Host: an edge has many names, origind has one
    return (lookup);
}

sub vcl_backend_response {
    if (beresp.status >= 400) {
        if (beresp.http.Cache-Control ~ "max-age=1") {
            set beresp.ttl = 1s;    # 503 too, which Varnish would not keep by itself: all who wait for the same hear it at once
        }
        set beresp.grace = 0s;
        return (deliver);           # else not kept; nor remembered as never to be kept: the part that is too far ahead now will come
    }
    if (beresp.http.Cache-Control !~ "immutable") {
        set beresp.grace = 10s;     # for a restart of origind
        set beresp.keep = 10s;      # If-None-Match when a playlist's second is over
    }
}

# origind is away. Who waits for a part hears it at once, and so do the others that wait for it.
sub vcl_backend_error {
    if (bereq.url ~ "_HLS_msn=") {
        set beresp.ttl = 1s;
    }
    set beresp.http.Access-Control-Allow-Origin = "*";
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Retry-After = "1";
    set beresp.http.Content-Type = "application/json";
    synthetic("""{"success":false,"data":null,"error":{"statusCode":503,"code":"UNAVAILABLE","message":"the origin is away; try again"}}""");
    return (deliver);
}

sub vcl_deliver {
    # A master or plain playlist: the last one, if it is no older than ten seconds, is better than an error.
    if (resp.status == 503 && req.restarts == 0 && req.url !~ "_HLS_msn=") {
        return (restart);
    }
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
    unset resp.http.X-Varnish;
    unset resp.http.Via;
}
