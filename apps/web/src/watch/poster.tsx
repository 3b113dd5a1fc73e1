import type { PosterText } from "./watch-state.ts";

/** Stands where the picture will be. */
export function Poster({ poster }: { poster: PosterText | undefined }) {
  return (
    <div className={poster ? "poster" : "poster poster--none"} role="status">
      {poster && (
        <>
          <p className="poster__title">{poster.title}</p>
          {poster.advice && <p>{poster.advice}</p>}
        </>
      )}
    </div>
  );
}
