"""Plays a run by WHEP with GStreamer's webrtcbin, audio first and ``max-bundle``.

``webrtcbin.py URL TOKEN PICTURES`` is run by the system's Python, which has the bindings. Exit code 77 where GStreamer
or one of its plugins is not installed.
"""

from __future__ import annotations

import os
import sys
import urllib.request

NOT_INSTALLED = 77
AUDIO = "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2"
VIDEO = "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000"
ELEMENTS = ("webrtcbin", "nicesrc", "dtlsdec", "srtpdec", "rtpvp8depay", "vp8dec")
DECODE = "queue ! rtpvp8depay ! vp8dec ! fakesink name=sink signal-handoffs=true sync=false async=false"

try:
    import gi

    for name in ("Gst", "GstWebRTC", "GstSdp"):
        gi.require_version(name, "1.0")
    from gi.repository import GLib, Gst, GstSdp, GstWebRTC
except (ImportError, ValueError) as error:
    print(error)
    sys.exit(NOT_INSTALLED)


class Player:
    """One connection, which ends the loop once so many pictures were decoded."""

    def __init__(self, url: str, token: str, wanted: int) -> None:
        self._url, self._token, self._wanted = url, token, wanted
        self._offered = False
        self.decoded = 0
        self.error = ""
        self.loop = GLib.MainLoop()
        self.pipeline = Gst.Pipeline.new()
        self._webrtc = Gst.ElementFactory.make("webrtcbin")
        self._webrtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self._webrtc)
        for caps in (AUDIO, VIDEO):
            direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
            self._webrtc.emit("add-transceiver", direction, Gst.Caps.from_string(caps))
        self._webrtc.connect("pad-added", self._on_pad)
        self._webrtc.connect("notify::ice-gathering-state", lambda *_: self._offer())

    def play(self) -> None:
        self.pipeline.set_state(Gst.State.PLAYING)
        # Kept, as the binding takes the only reference there is. Loopback alone, which libnice leaves out by itself.
        self._ice = self._webrtc.get_property("ice-agent")
        self._ice.emit("add-local-ip-address", "127.0.0.1")
        promise = Gst.Promise.new_with_change_func(self._on_offer)
        self._webrtc.emit("create-offer", None, promise)
        self.loop.run()

    def _on_offer(self, promise: Gst.Promise) -> None:
        promise.wait()
        reply = promise.get_reply()  # the offer lives as long as it does
        offer = reply.get_value("offer")
        self._webrtc.emit("set-local-description", offer, None)

    def _offer(self) -> None:
        state = self._webrtc.get_property("ice-gathering-state")
        if state == GstWebRTC.WebRTCICEGatheringState.COMPLETE and not self._offered:
            self._offered = True
            GLib.idle_add(self._post)

    def _post(self) -> bool:
        offer = self._webrtc.get_property("local-description").sdp.as_text()
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(self._url, offer.encode(), headers)
        try:
            with urllib.request.urlopen(request) as response:
                answer = response.read()
        except OSError as error:
            self.error = f"{error}: {error.read().decode() if hasattr(error, 'read') else ''}\n{offer}"
            self.loop.quit()
            return False
        _, sdp = GstSdp.SDPMessage.new()
        GstSdp.sdp_message_parse_buffer(answer, sdp)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
        self._webrtc.emit("set-remote-description", description, None)
        return False

    def _on_pad(self, _: Gst.Element, pad: Gst.Pad) -> None:
        caps = pad.get_current_caps() or pad.query_caps(None)
        if caps.get_structure(0).get_string("media") != "video":
            return
        decoder = Gst.parse_bin_from_description(DECODE, True)
        decoder.get_by_name("sink").connect("handoff", self._on_picture)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def _on_picture(self, *_: object) -> None:
        self.decoded += 1
        if self.decoded == self._wanted:
            GLib.idle_add(self.loop.quit)


def main() -> None:
    url, token, wanted = sys.argv[1:]
    Gst.init(None)
    missing = [name for name in ELEMENTS if not Gst.ElementFactory.find(name)]
    if missing:
        print(f"GStreamer has no {', '.join(missing)}")
        sys.exit(NOT_INSTALLED)
    player = Player(url, token, int(wanted))
    player.play()
    if player.error:
        sys.exit(player.error)
    print(f"decoded {player.decoded} pictures", flush=True)
    os._exit(0)  # without the binding's clean-up, which would free the agent a second time


main()
