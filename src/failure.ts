/** What a person typed cannot be; the message is a sentence that says what to type instead. Exit code 2. */
export class BadInput extends Error {}

/** This machine or moment cannot do it; the message is a sentence that says why and what to do. Exit code 1. */
export class CannotRun extends Error {}
