DROP TABLE monthly_active_users;
