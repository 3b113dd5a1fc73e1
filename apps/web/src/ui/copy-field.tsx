import { useId, useRef, useState } from "react";
import { copyText } from "./copy-text.ts";
import { IconButton } from "./icon-button.tsx";

type Props = {
  label: string;
  value: string;
  hint?: string;
  /** Shown as dots until the person asks to see it; it can be copied unseen. */
  isSecret?: boolean;
};

/** Text to be pasted elsewhere. */
export function CopyField({ label, value, hint, isSecret = false }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [isShown, setIsShown] = useState(!isSecret);
  const [told, setTold] = useState("");
  const copy = async () => {
    const isCopied = await copyText(value);
    setTold(isCopied ? "Copied." : "Press Ctrl+C to copy it.");
    if (isCopied) return;
    setIsShown(true);
    input.current?.select();
  };
  return (
    <div className="field copy-field">
      <label htmlFor={id}>{label}</label>
      <div className="copy-field__row">
        <input
          ref={input}
          id={id}
          readOnly
          type={isShown ? "text" : "password"}
          autoComplete="off"
          value={value}
          onFocus={(event) => event.target.select()}
        />
        {isSecret && (
          <IconButton
            icon={isShown ? "eye-off" : "eye"}
            label={`${isShown ? "Hide" : "Show"} ${label.toLowerCase()}`}
            onClick={() => setIsShown(!isShown)}
          />
        )}
        <IconButton icon="copy" label={`Copy ${label.toLowerCase()}`} onClick={copy} />
      </div>
      <p className="hint" role="status">
        {told || hint}
      </p>
    </div>
  );
}
