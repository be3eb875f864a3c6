import { type FormEvent, useEffect, useId, useState } from "react";
import { describe } from "../api/errors";
import { type Comment, isFinal } from "../protocol/types";
import { Button } from "./Button";
import { useMaySteer, usePlayer, usePlayerState } from "./context";
import { elementWords, formatTime } from "./format";

/** What people say about the run and its page: everybody reads it, and so does a planner that is a model. */
export function CommentsPanel() {
  const comments = usePlayerState((state) => state.run?.comments ?? NONE);
  const ended = usePlayerState((state) => state.run !== null && isFinal(state.run.status));
  const maySteer = useMaySteer();
  return (
    <div className="jp-form jp-pad">
      {comments.length === 0 && <p className="jp-empty">{emptyWords(maySteer && !ended)}</p>}
      {comments.length > 0 && (
        <ol className="jp-comments" aria-label="Comments">
          {comments.map((comment) => (
            <CommentRow key={comment.number} comment={comment} usable={maySteer && !ended} />
          ))}
        </ol>
      )}
      {maySteer && !ended && <CommentForm />}
    </div>
  );
}

const NONE: Comment[] = [];

const emptyWords = (mayComment: boolean) =>
  mayComment
    ? "Nobody has commented yet. Everybody who watches sees a comment, and a model that plans the steps reads it."
    : "Nobody has commented on this run.";

function CommentRow({ comment, usable }: { comment: Comment; usable: boolean }) {
  const { actions } = usePlayer();
  const me = usePlayerState((state) => state.viewerId);
  const isOwner = usePlayerState((state) => state.role === "owner");
  const { number, by, at, text, element, selector, step } = comment;
  return (
    <li className="jp-comment">
      <p className="jp-step-facts">
        <b>{by.viewerId === me ? "You" : by.name}</b>
        <time dateTime={at}>{formatTime(at)}</time>
        <span>{step === 0 ? "before the steps" : `at step ${step}`}</span>
      </p>
      <p className="jp-comment-text">{text}</p>
      {(element || selector) && (
        <p className="jp-dim">
          About <code title={selector ?? undefined}>{element ?? selector}</code>
        </p>
      )}
      {usable && (isOwner || by.viewerId === me) && (
        <Button label="Take back" tone="quiet" onClick={() => actions.send({ type: "remove_comment", number })} />
      )}
    </li>
  );
}

function CommentForm() {
  const { session, ui, setUi } = usePlayer();
  const picked = usePlayerState((state) => (ui.pickFor === "comment" ? state.picked : null));
  const hasPicture = usePlayerState((state) => state.size !== null && state.media.phase !== "ended");
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const id = useId();
  const forget = () => session.store.set({ picked: null });
  useEffect(() => () => session.store.set({ picked: null }), [session]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      const about = picked && { selector: picked.selector, element: elementWords(picked).slice(0, 200) };
      await session.link.request({ type: "add_comment", text, ...about });
      setText("");
      forget();
    } catch (reason) {
      setError(describe(reason));
    }
  };
  return (
    <form className="jp-form" onSubmit={submit}>
      <label htmlFor={id}>Comment</label>
      <textarea id={id} rows={3} maxLength={2000} value={text} onChange={(event) => setText(event.target.value)} />
      {picked && (
        <p className="jp-row">
          <span>
            About <code title={picked.selector}>{elementWords(picked)}</code>
          </span>
          <Button icon="cross" label="About no element" iconOnly tone="quiet" onClick={forget} />
        </p>
      )}
      {error && (
        <p className="jp-error-text" role="alert">
          {error}
        </p>
      )}
      <div className="jp-buttons">
        <Button label="Comment" tone="primary" type="submit" disabled={text.trim() === ""} />
        <Button
          icon="target"
          label={picked ? "Pick another element" : "Pick an element"}
          aria-pressed={ui.picking && ui.pickFor === "comment"}
          disabled={!hasPicture}
          onClick={() => {
            forget();
            setUi({ picking: !ui.picking, pickFor: "comment", replayStep: null });
          }}
        />
      </div>
    </form>
  );
}
