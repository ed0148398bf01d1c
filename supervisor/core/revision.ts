/** Who changed the settings: somebody with an editor, the page, a script, the command line, or an older revision applied again. */
export const REVISION_BY = ['file', 'page', 'api', 'cli', 'apply'] as const;
export type RevisionBy = (typeof REVISION_BY)[number];
