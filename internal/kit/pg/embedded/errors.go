package embedded

import (
	"errors"
	"fmt"
	"strings"
)

// Each error of this file is for the person who starts the program: Error says what is wrong, Advice says in Chinese what to do.

// ErrNoPrograms says that neither the set-up's PostgreSQL nor one of the machine was found.
type ErrNoPrograms struct{ Looked []string }

func (e ErrNoPrograms) Error() string {
	return "no PostgreSQL 15 or newer found in " + strings.Join(e.Looked, ", ") + "; run make setup"
}

// Advice says what to do.
func (e ErrNoPrograms) Advice() string {
	return "没有找到 PostgreSQL。请在项目目录运行 make setup,或安装 PostgreSQL 15 以上版本(Debian:apt-get install postgresql),也可用 --hall-db、--office-db 指定已有的数据库。"
}

// ErrForeign says that the folder holds something that this program did not put there. Nothing in it was touched.
type ErrForeign struct {
	Folder string
	Found  string // the first thing that is not ours
}

func (e ErrForeign) Error() string {
	return fmt.Sprintf("folder %s is not ours: it holds %s", e.Folder, e.Found)
}

// Advice says what to do.
func (e ErrForeign) Advice() string {
	return fmt.Sprintf("目录 %s 里有不属于本系统的内容(%s),未作任何改动。请换一个空目录,例如 make run DATA=./var2。", e.Folder, e.Found)
}

// ErrVersion says that the data was made by a PostgreSQL whose programs are not here.
type ErrVersion struct {
	Folder string
	Data   int   // major version that made the data
	Have   []int // major versions found on this machine
}

func (e ErrVersion) Error() string {
	return fmt.Sprintf("data in %s is of PostgreSQL %d, programs found are %v", e.Folder, e.Data, e.Have)
}

// Advice says what to do.
func (e ErrVersion) Advice() string {
	return fmt.Sprintf("目录 %s 的数据由 PostgreSQL %d 建立,本机只有版本 %v。请安装 PostgreSQL %d,或用它导出后再导入;也可换一个空目录重新开始。", e.Folder, e.Data, e.Have, e.Data)
}

// ErrDiskFull says that the disk has no room for the database.
type ErrDiskFull struct {
	Folder string
	Free   uint64 // bytes left, 0 where not known
}

func (e ErrDiskFull) Error() string {
	return fmt.Sprintf("disk of %s is full: %d MB left", e.Folder, e.Free>>20)
}

// Advice says what to do.
func (e ErrDiskFull) Advice() string {
	return fmt.Sprintf("目录 %s 所在磁盘空间不足(剩余 %d MB,至少需要 %d MB)。请清理磁盘,或用 DATA= 指定其他磁盘上的目录。已有数据没有损坏。", e.Folder, e.Free>>20, minFree>>20)
}

// ErrInUse says that another process runs a server on this folder.
type ErrInUse struct {
	Folder string
	PID    int // the process that holds the folder, 0 where not known
}

func (e ErrInUse) Error() string {
	return fmt.Sprintf("folder %s is in use by process %d", e.Folder, e.PID)
}

// Advice says what to do.
func (e ErrInUse) Advice() string {
	return fmt.Sprintf("目录 %s 正被另一个进程(%d)使用。请先停止它,或为这一套指定另外的目录和端口,例如 make run DATA=./var2 PORT=9080。", e.Folder, e.PID)
}

// ErrUnreachable says that the user under whom the database runs cannot enter a folder it needs.
type ErrUnreachable struct {
	Path string // what is needed
	At   string // the folder that is closed
	UID  uint32
}

func (e ErrUnreachable) Error() string {
	return fmt.Sprintf("user %d cannot enter %s on the way to %s", e.UID, e.At, e.Path)
}

// Advice says what to do.
func (e ErrUnreachable) Advice() string {
	return fmt.Sprintf("数据库不能以 root 身份运行,改用用户 %d,但该用户进不了 %s。请以普通用户运行;或把项目和数据放到其他目录(例如 /opt、/srv);或执行 chmod o+x %s。", e.UID, e.At, e.At)
}

// ErrOwner says that the data belongs to another user.
type ErrOwner struct {
	Folder   string
	UID, Our uint32
}

func (e ErrOwner) Error() string {
	return fmt.Sprintf("folder %s belongs to user %d, this process is user %d", e.Folder, e.UID, e.Our)
}

// Advice says what to do.
func (e ErrOwner) Advice() string {
	return fmt.Sprintf("目录 %s 属于用户 %d,当前用户是 %d。请用原来的用户(或 root)运行,或换一个目录。", e.Folder, e.UID, e.Our)
}

// ErrServer says that the server, or the program that makes a cluster, ended instead of answering.
type ErrServer struct {
	Log  string // the file with all it said
	Said string // the last lines of it
}

func (e ErrServer) Error() string {
	return fmt.Sprintf("PostgreSQL does not run (log %s): %s", e.Log, e.Said)
}

// Advice says what to do.
func (e ErrServer) Advice() string {
	return fmt.Sprintf("数据库没有启动成功,日志在 %s,最后几行是:\n%s", e.Log, e.Said)
}

// ErrStopped is what Err of a server returns that was stopped on purpose.
var ErrStopped = errors.New("database server stopped")
