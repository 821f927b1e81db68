/** Microsoft Graph's own application, the same in every tenant. */
export const GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000";
/** The tenant of Microsoft, to which its applications belong. */
export const MICROSOFT_TENANT_ID = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";
/** The application of the Azure command line, with which people log in. */
export const AZURE_CLI_APP_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/** Permissions of applications in Microsoft Graph, with their published IDs: those that clients of this project need. */
export const GRAPH_APP_ROLES = {
  "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
  "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
  "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
  "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
  "DelegatedPermissionGrant.ReadWrite.All": "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
  "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
  "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
  "Domain.Read.All": "dbb9058a-0e50-45d7-ae91-66909b5d4664",
  "Group.Create": "bf7b1a76-6e77-406b-b258-bf5c7720e98f",
  "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
  "Group.ReadWrite.All": "62a82d76-70ea-41e2-9197-370581804d09",
  "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
  "GroupMember.ReadWrite.All": "dbaae8cf-10b5-4b86-a4a1-f871c94c6695",
  "RoleManagement.Read.Directory": "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
  "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
  "User.ReadWrite.All": "741f803b-c850-494e-b5df-cde7c675a1ca",
} as const;

/** What an application may do in Microsoft Graph. */
export type GraphPermission = keyof typeof GRAPH_APP_ROLES;

export const GRAPH_PERMISSIONS = Object.keys(GRAPH_APP_ROLES) as [GraphPermission, ...GraphPermission[]];

/** Permissions that a person lends to an application: those that azuread, az and the SDKs name. */
export const GRAPH_SCOPES = {
  openid: "37f7f235-527c-4136-accd-4a02d197296e",
  profile: "14dad69e-099b-42c9-810b-d002981feec1",
  email: "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
  offline_access: "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
  "Application.Read.All": "c79f8feb-a9db-4090-85f9-90d820caa0eb",
  "Application.ReadWrite.All": "bdfbf15f-ee85-4955-8675-146e8e5296b5",
  "AppRoleAssignment.ReadWrite.All": "84bccea3-f856-4a8a-967b-dbe0a3d53a64",
  "DelegatedPermissionGrant.ReadWrite.All": "41ce6ca6-6826-4807-84f1-1c82854f7ee5",
  "Directory.AccessAsUser.All": "0e263e50-5827-48a4-b97c-d940288653c7",
  "Directory.Read.All": "06da0dbc-49e2-44d2-8312-53f166ab848a",
  "Directory.ReadWrite.All": "c5366453-9fb0-48a5-a156-24f0c49a4b84",
  "Group.Read.All": "5f8c59db-677d-491f-a6b8-5f174b11ec1d",
  "Group.ReadWrite.All": "4e46008b-f24c-477d-8fff-7bb4ec7aafe0",
  "GroupMember.Read.All": "bc024368-1153-4739-b217-4326f2e966d0",
  "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
  "User.Read.All": "a154be20-db9c-4678-8ab7-66f6cc099a59",
  "User.ReadBasic.All": "b340eb25-3456-403f-be2f-af7a0d370277",
  "User.ReadWrite": "b4e74841-8e56-480b-be8b-910348b18b4c",
  "User.ReadWrite.All": "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4",
} as const;

/** Roles of the directory, with their published template IDs. */
export const DIRECTORY_ROLES = {
  "Application Administrator": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
  "Application Developer": "cf1c38e5-3621-4004-a7cb-879624dced7c",
  "Cloud Application Administrator": "158c047a-c907-4556-b7ef-446551a6b5f7",
  "Directory Readers": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
  "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
  "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
  "Groups Administrator": "fdd7a751-b60b-444a-984c-02652fe8fa1c",
  "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
  "User Administrator": "fe930be7-5e62-47db-91af-98c3a49a38b1",
} as const;

export type DirectoryRole = keyof typeof DIRECTORY_ROLES;

export const DIRECTORY_ROLE_NAMES = Object.keys(DIRECTORY_ROLES) as [DirectoryRole, ...DirectoryRole[]];
