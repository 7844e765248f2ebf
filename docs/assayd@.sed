# assayd.service → assayd@.service: each instance has its configuration, sockets and state.
s|^Description=.*|& (%i)|
s|/etc/assay/assayd.yaml|/etc/assay/%i.yaml|
s|^\(ExecStart[^=]*=.*\)$|\1 -c /etc/assay/%i.yaml|
s|^\(RuntimeDirectory\)=assay$|\1=assay/%i|
s|^\(StateDirectory\)=assay$|\1=assay/%i|
