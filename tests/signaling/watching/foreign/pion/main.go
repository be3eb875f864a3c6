// Plays a run by WHEP with Pion, audio first and max-bundle: pion URL TOKEN PACKETS.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: pion URL TOKEN PACKETS")
	}
	wanted, err := strconv.Atoi(os.Args[3])
	if err == nil {
		err = play(os.Args[1], os.Args[2], wanted)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// play returns once so many packets of video have come, with a keyframe among them.
func play(url, token string, wanted int) error {
	pc, err := connection()
	if err != nil {
		return err
	}
	defer pc.Close()
	played := make(chan error, 1)
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if track.Kind() == webrtc.RTPCodecTypeVideo {
			played <- count(track, wanted)
		}
	})
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		direction := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
		if _, err := pc.AddTransceiverFromKind(kind, direction); err != nil {
			return err
		}
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	answer, err := exchange(url, token, pc.LocalDescription().SDP)
	if err != nil {
		return err
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return err
	}
	return <-played
}

// connection returns one that knows VP8 and Opus, and uses loopback alone.
func connection() (*webrtc.PeerConnection, error) {
	engine := &webrtc.MediaEngine{}
	opus := webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2},
		PayloadType:        111,
	}
	if err := engine.RegisterCodec(opus, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	vp8 := webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000},
		PayloadType:        96,
	}
	if err := engine.RegisterCodec(vp8, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(net.IP.IsLoopback)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings))
	return api.NewPeerConnection(webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle})
}

func exchange(url, token, offer string) (string, error) {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewBufferString(offer))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/sdp")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%s: %s", response.Status, answer)
	}
	return string(answer), err
}

// count reads packets and prints how many, and how many keyframes began in them (RFC 7741 §4.3).
func count(track *webrtc.TrackRemote, wanted int) error {
	keyframes := 0
	for packets := 1; ; packets++ {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return err
		}
		frame := codecs.VP8Packet{}
		payload, err := frame.Unmarshal(packet.Payload)
		if err == nil && frame.S == 1 && frame.PID == 0 && len(payload) > 0 && payload[0]&1 == 0 {
			keyframes++
		}
		if packets >= wanted && keyframes > 0 {
			fmt.Printf("received %d packets, %d keyframes\n", packets, keyframes)
			return nil
		}
	}
}
