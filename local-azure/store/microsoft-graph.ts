/** Microsoft Graph's own application, the same in every tenant. */
export const GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000";
/** The application of the Azure command line, with which people log in. */
export const AZURE_CLI_APP_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/** Permissions of applications in Microsoft Graph, with their published IDs: those that clients of this project need. */
export const GRAPH_APP_ROLES = {
  "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
  "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
  "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
  "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
  "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
  "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
  "Domain.Read.All": "dbb9058a-0e50-45d7-ae91-66909b5d4664",
  "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
  "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
  "RoleManagement.Read.Directory": "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
  "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
} as const;

/** What an application may do in Microsoft Graph. */
export type GraphPermission = keyof typeof GRAPH_APP_ROLES;

export const GRAPH_PERMISSIONS = Object.keys(GRAPH_APP_ROLES) as [GraphPermission, ...GraphPermission[]];

/** Permissions that a person lends to an application. */
export const GRAPH_SCOPES = {
  "Application.ReadWrite.All": "bdfbf15f-ee85-4955-8675-146e8e5296b5",
  "Directory.AccessAsUser.All": "0e263e50-5827-48a4-b97c-d940288653c7",
  "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
} as const;

/** Roles of the directory, with their published template IDs. */
export const DIRECTORY_ROLES = {
  "Application Administrator": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
  "Application Developer": "cf1c38e5-3621-4004-a7cb-879624dced7c",
  "Cloud Application Administrator": "158c047a-c907-4556-b7ef-446551a6b5f7",
  "Directory Readers": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
  "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
  "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
  "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
} as const;

export type DirectoryRole = keyof typeof DIRECTORY_ROLES;

export const DIRECTORY_ROLE_NAMES = Object.keys(DIRECTORY_ROLES) as [DirectoryRole, ...DirectoryRole[]];
