"""Parts 部件 and grids 单元网格 as people change them: records, rights, folds of signed actions."""
