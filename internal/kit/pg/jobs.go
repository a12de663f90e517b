package pg

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ReclaimJobs gives back what an earlier run of this process held in the job queue when it was killed: its jobs become available at
// once instead of after River's RescueStuckJobsAfter, and its leadership ends. It is called before the River client of that ID
// starts; no other process may have the ID. A job that has used up its attempts is left to River, so that one which kills its
// process does not do so for ever.
func ReclaimJobs(ctx context.Context, pool *pgxpool.Pool, client string) error {
	b := &pgx.Batch{}
	b.Queue(`UPDATE river_job SET state = 'available', scheduled_at = now()
		WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1 AND attempt < max_attempts`, client)
	b.Queue(`DELETE FROM river_leader WHERE leader_id = $1`, client)
	if err := pool.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("reclaim jobs of %s: %w", client, err)
	}
	return nil
}
