// Time is an argument. The core never reads a clock; whoever runs it passes `Now` to every step.

declare const millis: unique symbol
/** Milliseconds: a duration, a point on the monotonic clock, or a Unix time. The name of the field says which. */
export type Millis = number & { readonly [millis]?: true }

/** The two clocks, read once per step: `mono` only ever advances, `wall` is Unix time and may jump. */
export interface Now {
  readonly mono: Millis
  readonly wall: Millis
}

/** A deadline that never comes. */
export const never: Millis = Number.POSITIVE_INFINITY

export const second: Millis = 1_000
export const minute: Millis = 60 * second
export const hour: Millis = 60 * minute
