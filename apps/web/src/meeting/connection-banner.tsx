import type { Banner } from "./banner-state.ts";

/** Always in the document: a live region that comes together with its text is not read out. */
export function ConnectionBanner({ banner }: { banner: Banner | undefined }) {
  return (
    <div role="status" className={`banner banner--${banner?.tone ?? "none"}`}>
      {banner?.text}
    </div>
  );
}
