import "./styles/index.css";

export { LiveStreamPlayer, LiveStreamPlayer as default, type LiveStreamPlayerProps } from "./player/LiveStreamPlayer";
export type { Command, ServerMessage } from "./protocol/messages";
export type { Action, Proposal, Run, RunStatus, Step, StreamInfo } from "./protocol/types";
export type { TransportChoice } from "./session";
