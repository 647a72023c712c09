import type { Recipe } from "~/ui/notices";

/** The lines that bring the first file set. */
export const RECIPE: Recipe = {
  cli: `pomona files create pets\npomona files add pets photos/`,
  sdk: `import pomona\n\npom = pomona.connect()\npom.files.create("pets")\npom.files.add("pets", "photos/")`,
};

/** The address of one file's bytes. */
export function fileAt(version: string, path: string): string {
  return `/api/v1/file-set-versions/${version}/file?path=${encodeURIComponent(path)}`;
}
