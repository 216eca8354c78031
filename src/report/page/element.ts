/// <reference lib="dom" />

/** What stands in an element: texts are only ever text. */
export type Child = Node | string | undefined;

/** Makes an element with a class, or none, and what stands in it. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  for (const child of children) if (child !== undefined) made.append(child);
  return made;
}
