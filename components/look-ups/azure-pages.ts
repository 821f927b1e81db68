/** One page of a list of Azure Resource Manager or Microsoft Graph. */
export interface Page<T> {
  value: T[];
  nextLink?: string;
  "@odata.nextLink"?: string;
}

/** The path of the next page. Only the path of a link is used: the token must go to no other host. */
export function nextPath({ nextLink, "@odata.nextLink": odataLink }: Page<unknown>): string | undefined {
  const link = nextLink ?? odataLink;
  if (!link) return undefined;
  const { pathname, search } = new URL(link, "https://relative.invalid");
  return `${pathname}${search}`;
}
