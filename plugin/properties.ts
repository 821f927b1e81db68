/** The property that holds a stack output: `HIML_TENANT_ID` is `himlTenantId`, in Python `himl_tenant_id`. */
export function propertyOf(stackOutput: string): string {
  return stackOutput.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
