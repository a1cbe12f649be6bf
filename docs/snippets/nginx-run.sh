nginx -e stderr -p . -c nginx.conf
