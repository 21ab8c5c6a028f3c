/** A test that shows something, by the words of its title in its file. */
export interface Proof {
  /** From the root of the repository. */
  readonly file: string;
  /** As it stands in the file, with `%s` where it is one of many. */
  readonly title: string;
  /** Of many, the one whose first placeholder is this; without it all of them count. */
  readonly one?: string;
  /** Where the rows of many stand, if not in the file itself. */
  readonly rowsIn?: string;
}

/** What is to be said of one fault or threat here. */
export type Disposition =
  /** All of `by` pass, and together show what is expected. */
  | { readonly kind: 'proved'; readonly by: readonly Proof[]; readonly remark?: string }
  /** Some of `by` expect to fail, and are noticed when they no longer do. */
  | { readonly kind: 'fails'; readonly by: readonly Proof[]; readonly why: string }
  | { readonly kind: 'notApplicable'; readonly why: string }
  /** It applies; nothing here shows it. */
  | { readonly kind: 'open'; readonly missing: string };

/** One fault or threat of the catalogue. */
export interface Row {
  readonly id: string;
  /** In a clause, with what is expected where the fault does not say it. */
  readonly says: string;
  readonly is: Disposition;
}

export function proved(id: string, says: string, by: readonly Proof[], remark?: string): Row {
  return { id, says, is: { kind: 'proved', by, ...(remark !== undefined && { remark }) } };
}

export function fails(id: string, says: string, by: readonly Proof[], why: string): Row {
  return { id, says, is: { kind: 'fails', by, why } };
}

export function notApplicable(id: string, says: string, why: string): Row {
  return { id, says, is: { kind: 'notApplicable', why } };
}

export function open(id: string, says: string, missing: string): Row {
  return { id, says, is: { kind: 'open', missing } };
}

/** The tests that a row names; none where it is not applicable or open. */
export function proofsOf({ is }: Row): readonly Proof[] {
  return 'by' in is ? is.by : [];
}

/** Names tests of one file, where the rows of many stand in it or in another. */
export function testsIn(file: string, rowsIn?: string): (title: string, one?: string) => Proof {
  return (title, one) => ({
    file,
    title,
    ...(one !== undefined && { one }),
    ...(rowsIn !== undefined && { rowsIn }),
  });
}
