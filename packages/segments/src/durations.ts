/**
 * How long segments and parts are, seconds: what every packager keeps to and every playlist tells (RFC 8216bis § 4.4.3.1, § 4.4.3.7).
 *
 * A segment ends at a key frame, and in any case before it gets longer than `LONGEST_SEGMENT_S`: where a source's key frames are further apart, its
 * next segment begins without one. The target duration can't follow the source instead, since it must never change, and the first playlist is
 * told after the first part, when nobody knows yet how far apart they are.
 */
export const TARGET_DURATION_S = 2;
/** Rounded to whole seconds, it must not be more than the target. */
export const LONGEST_SEGMENT_S = TARGET_DURATION_S + 0.45;

/** The most that a part has. Ten frames at 30 a second, of which timestamps in milliseconds may round one up. */
export const PART_TARGET_S = 0.334;
/** The least that a part has that is not its segment's last, and does not begin with a key frame: 85 % of the target (RFC 8216bis § 4.4.4.9). */
export const SHORTEST_PART_S = 0.284;
