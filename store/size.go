package store

import (
	"context"
	"fmt"
)

// Size is how many bytes the database takes on disk, for status and benchmarks.
func (s *Store) Size(ctx context.Context) (int64, error) {
	bytes, err := s.engine.size(ctx)
	if err != nil {
		return 0, fmt.Errorf("size: %w", err)
	}
	return bytes, nil
}
