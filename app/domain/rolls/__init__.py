"""Rolls 网格—岗位—部门—人员: who stands where in which minute, by posts, shifts and changes."""
