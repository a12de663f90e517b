// Package folder is a folder that two parties exchange files through, on this machine or behind SFTP.
package folder
