// Package folder is a folder that two parties exchange files through, on this machine or behind SFTP.
//
// In: an Address from an endpoint's setting. Out: a Folder with the few verbs that an exchange of files needs, the same for both
// kinds. Write never shows a reader half a file, nothing escapes the folder, and what a file server may send is bounded in bytes
// and in time, for it is another party's. What the files mean is their dialect's.
package folder
