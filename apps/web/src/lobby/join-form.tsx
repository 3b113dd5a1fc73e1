import { isVisible } from "@fairlead/protocol";
import { type FormEvent, useState } from "react";
import { generateRoomName, toRoomId } from "./room-name.ts";

type Props = {
  name: string;
  onNameChange: (name: string) => void;
  notice: string | undefined;
  /** @returns Why joining failed; undefined when it did not. */
  onJoin: (roomId: string) => Promise<string | undefined>;
};

type Progress = { state: "idle" } | { state: "joining" } | { state: "failed"; reason: string };

export function JoinForm({ name, onNameChange, notice, onJoin }: Props) {
  const [room, setRoom] = useState(roomOfAddress);
  const [progress, setProgress] = useState<Progress>({ state: "idle" });
  const isJoining = progress.state === "joining";

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isVisible(name))
      return setProgress({ state: "failed", reason: "Your name needs a letter or a sign that can be seen." });
    const roomId = toRoomId(room);
    if (!roomId)
      return setProgress({ state: "failed", reason: "The room's name needs letters A to Z or digits." });
    setRoom(roomId);
    setProgress({ state: "joining" });
    const reason = await onJoin(roomId);
    if (reason !== undefined) setProgress({ state: "failed", reason });
  };

  return (
    <form className="join-form" onSubmit={submit}>
      <h2>Join a meeting</h2>
      <div className="field">
        <label htmlFor="name">Your name</label>
        <input
          id="name"
          value={name}
          onChange={(event) => onNameChange(event.target.value)}
          autoComplete="name"
          maxLength={64}
          required
        />
      </div>
      <div className="field">
        <label htmlFor="room">Room</label>
        <input
          id="room"
          value={room}
          onChange={(event) => setRoom(event.target.value)}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          required
        />
      </div>
      <button className="button button--primary" type="submit" disabled={isJoining} title="Join (Enter)">
        {isJoining ? "Joining…" : "Join"}
      </button>
      <p role="status" className="join-form__status">
        {isJoining ? "Joining the meeting…" : progress.state === "idle" ? notice : ""}
      </p>
      {progress.state === "failed" && (
        <p role="alert" className="notice notice--error">
          {progress.reason}
        </p>
      )}
    </form>
  );
}

function roomOfAddress(): string {
  const named = toRoomId(new URLSearchParams(window.location.search).get("room") ?? "");
  return named || generateRoomName(Math.random);
}
